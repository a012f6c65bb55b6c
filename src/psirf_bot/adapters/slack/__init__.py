"""Slack: signed requests in, Block Kit out. The only package that may import slack_bolt and slack_sdk."""
