/* Counts the instructions of an emulated core; counter.py holds the state. */
#ifndef COUNT_H_
#define COUNT_H_

#include <stdint.h>

#define FLASH_BYTES 0x100000u

typedef struct {
  uint64_t instructions;
  uint64_t stop_at;                  /* count from which the core stops before its next block */
  uint64_t stopped;                  /* 1 once this hook has stopped it */
  uint16_t lengths[FLASH_BYTES / 2]; /* instructions in the flash block that starts here; 0: not seen yet */
  int (*read)(void *engine, uint64_t address, void *bytes, uint64_t size);
  int (*stop)(void *engine);
} counter_t;

void count_block(void *engine, uint64_t address, uint32_t size, void *user);
void count_flush(counter_t *counter);

#endif
