"""The 8-bit routes that a user would otherwise take, trained and measured on the same features as our models."""
