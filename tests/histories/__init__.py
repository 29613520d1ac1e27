"""Long random histories, after every step of which all invariants must hold."""
