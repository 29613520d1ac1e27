// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A token of the sandbox. Its code is put in place without a constructor, so that all of its
/// state starts as zero, and its switches are set from outside, each in a slot of its own.
abstract contract Token {
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    uint256 public paused;
    uint256 public silent;
    uint256 public feeBps;
    address[] internal blacklist;

    /// Where the fee goes.
    address internal constant OWNER = 0xC6CDE7C39eB2f0F0095F41570af89eFC2C1Ea828;

    event Transfer(address indexed from, address indexed to, uint256 value);

    /// Anybody may have as much as they like.
    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function _transfer(address to, uint256 value) internal {
        // The real USDT looks at the sender only; other dollars look at both, which is harder.
        require(paused == 0 && !_isBlacklisted(msg.sender) && !_isBlacklisted(to));
        if (silent != 0) {
            return;
        }
        uint256 fee = (value * feeBps) / 10_000;
        balanceOf[msg.sender] -= value;
        if (fee > 0) {
            balanceOf[OWNER] += fee;
            emit Transfer(msg.sender, OWNER, fee);
        }
        balanceOf[to] += value - fee;
        emit Transfer(msg.sender, to, value - fee);
    }

    function _isBlacklisted(address who) private view returns (bool) {
        for (uint256 i = 0; i < blacklist.length; i++) {
            if (blacklist[i] == who) {
                return true;
            }
        }
        return false;
    }
}
