"""Co-registration: how far a scene's content lies from the reference, how sure that is, and the scene moved back."""
