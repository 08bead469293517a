"""Whoever wants to hear what happens is told, again and again until they have heard."""

from burnish.webhooks.room import AddedWebhook, AsyncWebhooks

__all__ = ["AddedWebhook", "AsyncWebhooks"]
