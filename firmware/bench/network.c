/* Runs one network on an emulated core, inference by inference; lab/baselines/device.py is the other side. Inputs lie
 * in memory as a blob at BLOB_BASE before reset; outputs leave through semihosting, into the file that it names. */
#include "bare_metal.h"
#include "engine.h"

#define MAGIC 0x6e657477u

typedef struct {
  uint32_t magic;
  uint32_t arena_bytes;
  uint32_t inferences;
  uint32_t input_bytes;  /* of each */
  uint32_t output_bytes; /* of each */
  char results[60];
} header_t;

int main(void) {
  const header_t *header = (const header_t *)(uintptr_t)BLOB_BASE;
  if (header->magic != MAGIC) {
    leave(2);
  }
  if (!engine_start(header->arena_bytes)) {
    leave(7);
  }
  const uintptr_t arguments[3] = {(uintptr_t)header->results, 5 /* "wb" */, strlen(header->results)};
  const intptr_t file = semihost(SYS_OPEN, arguments);
  const int8_t *input = (const int8_t *)(header + 1);
  for (uint32_t i = 0; i < header->inferences; i++, input += header->input_bytes) {
    bench_begin();
    const void *output = engine_run(input, header->input_bytes);
    bench_end();
    if (!output) {
      leave(8);
    }
    put(file, output, header->output_bytes);
  }
  const uintptr_t close[1] = {(uintptr_t)file};
  semihost(SYS_CLOSE, close);
  leave(0);
}
