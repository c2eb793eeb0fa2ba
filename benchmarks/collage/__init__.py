"""Real containers pasted onto real ground: series of real looks with known truth."""
