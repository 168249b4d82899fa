"""What a process of the service is made of: its model, its gallery, its server, its logs."""
