"""The ready server: a Flask app with Unlatch on it and next to nothing else.

It uses nothing that a host's app could not: `Unlatch`, the page frame, and what is in
`app.extensions["unlatch"]`.
"""
