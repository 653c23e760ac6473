"""New branches at located events: isotropy subgroups, normal forms, starts."""
