/* The same jobs on the host: every buffer is an allocation of exactly its size, so that a sanitizer sees any step
 * outside. Usage: host_runner JOBS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"

static void *copy_of(const uint8_t *blob, uint32_t offset, size_t bytes) {
  void *copy = malloc(bytes);
  if (!copy) {
    exit(3);
  }
  return memcpy(copy, blob + offset, bytes);
}

static void run(const uint8_t *blob, const job_t *job, FILE *out) {
  const size_t element = job->source == FROM_BYTES ? sizeof(int8_t) : sizeof(float);
  void *x = copy_of(blob, job->x, job->inputs * element);
  void *weights = copy_of(blob, job->weights, job->weight_bytes);
  void *columns = copy_of(blob, job->columns, job->column_bytes);
  void *scratch = malloc(dynq_scratch_bytes(job->inputs));
  float *y = malloc(job->outputs * sizeof *y);
  const dynq_layer_t layer = {
      weights, columns, (uint16_t)job->inputs, (uint16_t)job->outputs, (uint8_t)job->bits, (uint8_t)job->relu};
  dynq_range_t range = {0};
  dynq_range_t *y_range = job->want_range ? &range : NULL;
  if (job->source == FROM_BYTES) {
    dynq_layer_s8(&layer, x, job->scale, job->zero_point, y, y_range, scratch);
  } else {
    dynq_layer_f32(&layer, x, job->source == FROM_FLOATS_WITH_RANGE ? &job->range : NULL, y, y_range, scratch);
  }
  const trailer_t trailer = {range, 1, (uint32_t)dynq_scratch_bytes(job->inputs)};
  fwrite(y, sizeof *y, job->outputs, out);
  fwrite(&trailer, sizeof trailer, 1, out);
  free(x);
  free(weights);
  free(columns);
  free(scratch);
  free(y);
}

int main(int argc, char **argv) {
  FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!in || fseek(in, 0, SEEK_END)) {
    return 2;
  }
  const size_t bytes = (size_t)ftell(in);
  uint8_t *blob = malloc(bytes);
  rewind(in);
  if (!blob || fread(blob, 1, bytes, in) != bytes) {
    return 2;
  }
  fclose(in);
  const header_t *header = (const header_t *)blob;
  FILE *out = fopen(header->results, "wb");
  if (header->magic != JOBS_MAGIC || !out) {
    return 2;
  }
  const job_t *job = (const job_t *)(header + 1);
  for (uint32_t i = 0; i < header->jobs; i++) {
    run(blob, &job[i], out);
  }
  free(blob);
  return fclose(out) ? 3 : 0;
}
