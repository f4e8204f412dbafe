/* The board's own microphone: 16-bit mono at 16 kHz, a buffer at a time. A board that has one defines these four; for
 * all others app/microphone_none.c does. */
#ifndef MICROPHONE_H_
#define MICROPHONE_H_

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Samples of a buffer: 20 ms, between which the core may sleep. */
#define MICROPHONE_SAMPLES 320u

/* Of gain, in half decibels above -20 dB. */
#define MICROPHONE_GAIN_MOST 80u

bool microphone_exists(void);

/* Starts to fill buffers; what was not taken before is gone. */
void microphone_start(uint32_t gain);

/* Stops, and switches the microphone off. */
void microphone_stop(void);

/* The oldest complete buffer, int16[MICROPHONE_SAMPLES]; NULL while there is none. It is the caller's until the next
 * call. `lost` is set to how many samples before it were overwritten, because nobody took them in time. */
const int16_t *microphone_take(uint32_t *lost);

#ifdef __cplusplus
}
#endif
#endif
