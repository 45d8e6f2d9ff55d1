"""The parts that screens are built of; each knows nothing of the shop."""
