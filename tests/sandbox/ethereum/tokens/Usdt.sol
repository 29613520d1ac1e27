// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Token} from "Token.sol";

/// Like Tether: `transfer` returns nothing, and who has too little loses all the gas allowed.
contract Usdt is Token {
    string public constant name = "Tether USD";
    string public constant symbol = "USDT";
    uint256 public constant decimals = 6;

    function transfer(address to, uint256 value) external {
        if (balanceOf[msg.sender] < value) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        _transfer(to, value);
    }
}
