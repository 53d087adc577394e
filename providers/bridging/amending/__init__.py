"""What is done to an answer because its provider could not be told to.

Each amendment knows an answer whole and streamed; which of them a request needs is `needs`.
"""
