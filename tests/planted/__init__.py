"""Known mistakes, planted one at a time: each must be noticed by an invariant or from outside."""
