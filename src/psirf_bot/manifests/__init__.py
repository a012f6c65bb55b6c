"""What registers the bot with the platforms: a manifest for Slack, an app package for Teams."""
