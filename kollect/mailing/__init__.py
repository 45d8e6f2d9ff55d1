"""メール発信: drafts, the outbox, the pace, and the worker that sends."""
