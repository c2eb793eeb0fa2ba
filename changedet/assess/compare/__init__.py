"""Sites compared: consignments, and trains found again."""
