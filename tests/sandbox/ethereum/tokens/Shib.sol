// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Token} from "Token.sol";

/// By the book: 18 decimals, and `transfer` returns that it succeeded.
contract Shib is Token {
    string public constant name = "SHIBA INU";
    string public constant symbol = "SHIB";
    uint8 public constant decimals = 18;

    function transfer(address to, uint256 value) external returns (bool) {
        require(to != address(0), "ERC20: transfer to the zero address");
        require(balanceOf[msg.sender] >= value, "ERC20: transfer amount exceeds balance");
        _transfer(to, value);
        return true;
    }
}
