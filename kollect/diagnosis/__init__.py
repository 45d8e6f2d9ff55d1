"""「届くかどうかの診断」: why replies may not arrive, from the settings and the domain's DNS.

Only `dns_client` and `examination` touch the world; the others are functions of values.
"""
