#!/usr/bin/python3
"""Starts a part of Debian's python3-masakari: masakari_part.py api|engine|manage OPTION...

With one mend, without which release 14 cannot write on Debian 12: a context that comes over the message bus says
`read_deleted=None`, which its database layer refuses; it means 'no'.
"""
import sys

part = sys.argv.pop(1)
if part == 'manage':
    from masakari.cmd.manage import main
else:
    import masakari.cmd  # noqa: F401  (patches for eventlet, before anything else)
    from masakari import context

    original = context.RequestContext.__init__

    def with_read_deleted(self, *args, **kwargs):
        kwargs['read_deleted'] = kwargs.get('read_deleted') or 'no'
        original(self, *args, **kwargs)

    context.RequestContext.__init__ = with_read_deleted
    if part == 'api':
        from masakari.cmd.api import main
    else:
        from masakari.cmd.engine import main

sys.exit(main())
