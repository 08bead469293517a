"""What people and programs say of answers, and what is made of it."""

from burnish.learning.feedback import AsyncFeedback, FeedbackPage, GivenFeedback
from burnish.learning.opinion import Done, Opinion, Thumb

__all__ = ["AsyncFeedback", "Done", "FeedbackPage", "GivenFeedback", "Opinion", "Thumb"]
