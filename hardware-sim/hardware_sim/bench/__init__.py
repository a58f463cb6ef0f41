"""The bench: every device, the centre, the city and the kiosk started together, seen and touched from one page.

``world.Bench`` is the whole as one object; ``api`` shows it on a loopback page; ``launcher`` is the command.
"""
