/* Jobs for the runners: calls of the kernel library, written by lab/bench/runner.py as one block of bytes. */
#ifndef BENCH_JOBS_H_
#define BENCH_JOBS_H_

#include <stddef.h>
#include <stdint.h>

#include "dynq.h"

#define JOBS_MAGIC 0x716e7964u

enum { FROM_FLOATS, FROM_FLOATS_WITH_RANGE, FROM_BYTES, FROM_PREVIOUS, SOFTMAX };

/* A header, then the jobs, then what their offsets (from the header) point at. */
typedef struct {
  uint32_t magic;
  uint32_t jobs;
  char results[56]; /* path of the file for the results */
} header_t;

typedef struct {
  uint32_t source;
  uint32_t inputs;
  uint32_t outputs;
  uint32_t bits;
  uint32_t relu;
  uint32_t want_range;
  uint32_t x;
  uint32_t weights;
  uint32_t columns;
  float scale;
  int32_t zero_point;
  dynq_range_t range;
  uint32_t weight_bytes;
  uint32_t column_bytes;
  uint32_t unused;
} job_t;

/* In the results, behind a job's outputs. */
typedef struct {
  dynq_range_t range;
  uint32_t guards_intact;
  uint32_t scratch_bytes;
} trailer_t;

/* lab/bench/runner.py lays them out by these numbers. */
_Static_assert(sizeof(header_t) == 64 && offsetof(header_t, results) == 8, "_HEADER");
_Static_assert(sizeof(job_t) == 64 && offsetof(job_t, scale) == 36 && offsetof(job_t, range) == 44, "_JOB");
_Static_assert(offsetof(job_t, weight_bytes) == 52 && offsetof(job_t, column_bytes) == 56, "_JOB");
_Static_assert(sizeof(trailer_t) == 16 && offsetof(trailer_t, guards_intact) == 8, "_TRAILER");

#endif
