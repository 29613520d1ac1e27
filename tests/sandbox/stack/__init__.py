"""The whole product on one machine: every function, and stand-ins for the world around it."""
