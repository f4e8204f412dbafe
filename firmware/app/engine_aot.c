#include <string.h>

#include "board.h"
#include "engine_backend.h"
#include "kws_model.h"

const char *engine_backend_start(void) {
  return strcmp(dynq_variant(), KWS_VARIANT) == 0 ? NULL : "the model is packed for other kernels";
}

engine_info_t engine_info(void) {
  return (engine_info_t){"aot", kws_network.buffer_bytes, kws_network.buffer_bytes};
}

void engine_backend_reset(void) {} /* all states are the network's */

const char *engine_backend_run(uint16_t last, const float **output) {
  for (uint16_t i = 0; i <= last; i++) {
    const uint32_t start = board_ticks();
    dynq_network_node(&kws_network, i);
    engine_ticks[i] = board_ticks() - start;
  }
  *output = kws_network.signals[last + 1].values;
  return NULL;
}
