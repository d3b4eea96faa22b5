"""The lean page: a static first page, the visits that its script asks for, and nothing else.

- `document` is the first page, `files` what it loads;
- `visits` counts visitors, gives each a kernel, and ends it;
- `handlers` are all the addresses that a visitor can reach.
"""
