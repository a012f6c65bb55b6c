"""What people see: one neutral card model, its renderers, and the cards of each capability."""
