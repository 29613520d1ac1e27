"""A stand-in for Google Pub/Sub and for the front door of Cloud Run.

The real client libraries talk to it by gRPC (PUBSUB_EMULATOR_HOST); messages are pushed over HTTP;
what a publisher was told is stored survives a SIGKILL.
"""
