/* All that the application asks of a board, and so all that a port implements, beside a linker script.
 * Cortex-M boards get start-up code, stack painting and the fault record from boards/common. */
#ifndef BOARD_H_
#define BOARD_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;
  uint32_t tick_hz; /* rate of board_ticks(); whether a tick is a cycle or an instruction is for the host to know */
} board_info_t;

extern const board_info_t board_info;

/* Clocks, serial port at 115200 8N1, tick counter, watchdog. Called once, with .data and .bss ready. */
void board_init(void);

/* Next received byte, or -1. Never waits. Bytes that arrive meanwhile must be kept: at least BOARD_RX_BYTES of them. */
int board_read(void);
#define BOARD_RX_BYTES 256

/* Sends all bytes; waits for room, never longer than the line takes. */
void board_write(const void *bytes, size_t count);

/* Free-running counter, wraps at 2^32. Read around every layer, so it must be cheap. */
uint32_t board_ticks(void);

/* Nothing to do: may sleep until a byte or a buffer of the microphone arrives. Returns within a second, so that the
 * watchdog is fed: the ticks that passed with nothing done. */
uint32_t board_idle(void);

/* The LED that a user sees, where there is one. */
void board_led(bool on);

/* The application is alive. Boards reset themselves when this stays away for 4 to 10 seconds. */
void board_watchdog_feed(void);

/* Restarts the firmware; .noinit survives. */
#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
void board_reset(void);

/* Why the firmware started: "power", "pin", "software", "watchdog", "lockup" or "unknown". */
const char *board_reset_cause(void);

/* The stack: size in bytes, and the most ever used. Zero where the system owns the stack (host). */
typedef struct {
  uint32_t size;
  uint32_t used;
} board_stack_t;
board_stack_t board_stack(void);

/* What the last hard fault left in .noinit before it reset the board; NULL when there was none since power-up. */
typedef struct {
  uint32_t count; /* faults since power-up */
  uint32_t pc;
  uint32_t lr;
  uint32_t psr;
  uint32_t sp;
  uint32_t cfsr; /* 0 on ARMv6-M, which has no fault status registers */
  uint32_t hfsr;
  uint32_t address; /* BFAR or MMFAR when valid, else 0 */
} board_fault_t;
const board_fault_t *board_last_fault(void);
void board_clear_fault(void);

#ifdef __cplusplus
}
#endif
#endif
