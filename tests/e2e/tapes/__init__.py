"""Providers' answers as their documentation shows them, byte for byte, and who reads them."""
