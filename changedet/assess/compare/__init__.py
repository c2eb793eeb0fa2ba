"""Sites compared: consignments and trains met again."""
