"""The built-in chat page of `make demo`: the bot without any platform, in a browser."""
