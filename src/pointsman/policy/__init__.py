"""Pure decisions: who may, which model and why, sensitivity, separation, budgets, protected paths."""
