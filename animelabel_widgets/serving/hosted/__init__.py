"""Many visitors' kernels in one process: *virtual kernels* in a few warm hosts.

For any trusted notebook that Voilà publishes. A kernel here is a connection of its own (sockets
and key), a namespace, a comm manager, widgets and an environment; the process, its modules, and
what the notebook's code shares on purpose belong to all. Who runs what:

- `provisioner` makes `jupyter_client` ask for a virtual kernel in place of a process;
- `hosts` keeps the host processes, in the server;
- `host` is such a process;
- `kernel` is a virtual kernel in it, `wire` its sockets;
- `routing` leads what is global in ipywidgets and comm to the visitor's own, and names the
  private places of other libraries that it needs.

Code of one visitor must trust that of another: it is the same code.
"""
