"""Mayfly's Python runtime client: it runs a Lambda handler against the public Runtime API.

Standard library only; CPython 3.8 and newer. Rooms, in the order in which an invocation meets them:
runtime_api (HTTP to the platform), event_json (bytes to values and back), lambda_context (the handler's
second argument), function_logs (what logging and print become), handler_loader (finding the handler),
function_errors (how failures are told), invoke_loop (all of it in order).
"""
