"""imagine-bot: prompts from Discord, through a fair queue, to Stable Diffusion XL and back.

The floors, top to bottom; imports run downwards only:

    cli · doctor · playground · app  wiring
    client · cogs · delivery · ui    everything that speaks Discord
    services                         use cases in plain Python
    job_queue · caps · line · fair_order   admission, order, cancel
    storage · executors              the database; the process that owns the GPU
    diffusion                        torch and diffusers
    moderation                       pure rules
    remake · infotext · events · jobs · loras · inputs · uploads · prompts · layers · parameters · settings
    model_info · scheduler_names · invite · heartbeat · moments · errors · translation · sentences
"""

__version__ = "0.1.0"
