/* NADIR_FRAME_LOG=FILE: how long the main loop was away, for docs/PERFORMANCE.md. */
#pragma once

/* Begins to look every 4 ms; at the end of the program FILE gets the largest gaps. Nothing without the variable. */
void nadir_frame_log_start(void);
void nadir_frame_log_stop(void);
