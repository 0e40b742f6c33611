"""The kiosk's ear and mouth: microphone, end of speech, recogniser, listener, speaker."""
