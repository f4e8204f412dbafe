/* Called by Unicorn at the start of every basic block: counts instructions, and stops the core when its slice is over.
 */
#include "count.h"

/* A Thumb instruction is 4 bytes when its first halfword starts with 0b11101, 0b11110 or 0b11111. */
static uint16_t block_length(counter_t *counter, void *engine, uint64_t address, uint32_t size) {
  uint16_t count = 0;
  for (uint32_t offset = 0; offset < size; count++) {
    uint8_t half[2];
    if (counter->read(engine, address + offset, half, sizeof half) != 0) {
      break;
    }
    offset += half[1] >> 3 >= 0x1D ? 4u : 2u;
  }
  return count;
}

void count_block(void *engine, uint64_t address, uint32_t size, void *user) {
  counter_t *counter = user;
  if (counter->instructions >= counter->stop_at) {
    counter->stopped = 1; /* the block has not run: it is counted when the core starts again */
    counter->stop(engine);
    return;
  }
  if (address >= FLASH_BYTES) {
    counter->instructions += block_length(counter, engine, address, size);
    return;
  }
  uint16_t *length = &counter->lengths[address / 2];
  if (*length == 0) {
    *length = block_length(counter, engine, address, size);
  }
  counter->instructions += *length;
}

void count_flush(counter_t *counter) {
  for (uint32_t i = 0; i < FLASH_BYTES / 2; i++) {
    counter->lengths[i] = 0;
  }
}
