"""Settings, profiles, calendar, clock and ledger: what both processes need; imports no other room."""
