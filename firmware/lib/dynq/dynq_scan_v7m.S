/* Range of a vector on Thumb-2, with or without an FPU. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP) || (defined(DYNQ_VARIANT_SCALAR) && __ARM_ARCH_ISA_THUMB == 2)
#include "dynq_extreme.inc"
#include "dynq_function.inc"

/* r0 x | r1 n | r2 range -> r3 largest as signed | r12 largest as unsigned | r4-r7 x.
 * Among floats as integers the largest signed one is the largest non-negative value, the largest unsigned one the most
 * negative value. Only a vector all of one sign needs a second pass, for its smallest. A NaN comes out as one of the two. */
.macro LARGEST x
  cmp \x,r3
  it gt
  movgt r3,\x
  cmp \x,r12
  it hi
  movhi r12,\x
.endm
.macro LARGEST_OF_FOUR
  ANY_BEYOND gt,le,r3
  ANY_BEYOND hi,ls,r12
.endm
.macro SMALLEST x
  cmp \x,r3
  it lt
  movlt r3,\x
.endm
.macro SMALLEST_OF_FOUR
  ANY_BEYOND lt,ge,r3
.endm
.macro EIGHT each
  .rept 2
  ldmia r0!,{r4-r7}
  \each\()_OF_FOUR
  .endr
.endm
/* Applies `each` to all of x[n]; r1 counts down to 0. */
.macro EVERY each
1:
  tst r1,#7
  beq 2f
  ldr r4,[r0],#4
  \each r4
  subs r1,r1,#1
  b 1b
2:
  cmp r1,#0
  beq 5f
  tst r1,#8
  beq 3f
  adds r1,r1,#8
  b 4f
3:
  EIGHT \each
4:
  EIGHT \each
  subs r1,r1,#16
  bne 3b
5:
.endm

FUNCTION dynq_scan
  push {r0,r1,r4-r7}
  mov r3,#0x80000000
  movs r12,#0
  EVERY LARGEST
  teq r3,r12
  bpl .Lone_sign
  strd r12,r3,[r2]
  pop {r0,r1,r4-r7}
  bx lr
.Lone_sign:
  ldrd r0,r1,[sp]
  cmp r12,#0
  bmi 6f
  cmp r1,#8
  it hi
  movhi r1,#8
5: /* after ReLU the smallest is 0, mostly soon found */
  ldr r4,[r0],#4
  cbz r4,7f
  subs r1,r1,#1
  bne 5b
  b 6f
7:
  strd r4,r12,[r2]
  pop {r0,r1,r4-r7}
  bx lr
6:
  ldrd r0,r1,[sp]
  mov r3,#0x7fffffff
  EVERY SMALLEST
  cmp r12,#0
  ite pl
  strdpl r3,r12,[r2]
  strdmi r12,r3,[r2]
  pop {r0,r1,r4-r7}
  bx lr
END_FUNCTION dynq_scan
#endif
