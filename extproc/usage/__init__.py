"""Who has used what, and what it cost: a record of every attempt, and the store of them."""
