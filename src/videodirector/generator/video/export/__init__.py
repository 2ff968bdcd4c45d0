"""What a video can become besides an mp4, and what can be written beside it; one file a format."""
