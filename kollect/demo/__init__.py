"""The little mail server of the demo and the customer who is played there."""
