"""How many tools an agent has, and what becomes of them."""
