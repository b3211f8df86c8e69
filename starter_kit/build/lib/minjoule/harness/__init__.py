"""What runs in the box before and around the entrant's code. With ``contract`` and ``protocol`` it's all of ours that is in the box."""
