import { type LevelReader, reads } from './stated.ts';

/**
 * One letter for a level: glog and absl (`E0301 10:00:00.0`, `W0000 00:00:17…`), PyTorch
 * (`[W socket.cpp:601]`, `[E301 10:10:44.1 …`), optuna, Jupyter and tornado (`[I 2026-03-01 10:00:00`),
 * TensorFlow (`10:00:00.1: W tensorflow/…cc:10]`), Ray (`,123 E 12 12]`), onnxruntime
 * (`[W:onnxruntime:`), NeMo (`[NeMo W 2026-03-01`), SkyPilot (`W 03-01 10:00:00`), TensorRT (`[TRT] [E]`), apt (`E: Unable`).
 */
export const letters: LevelReader = reads(
  /\b([IWEF])\d{4} \d\d:\d\d:|\[([DIWEFC])(?:\d{3,4})? (?=[\w./-]*[\d.])|\d: ([IWEF]) [\w./-]+:\d+\]|\d ([DIWEFC]) \d+ \d+\]|\[([VIWEF]):onnxruntime|\[TRT\] \[([VIWEF])\]|^([EW]): [A-Z]|\[NeMo ([DIWEC]) \d|^([DIWEC]) \d\d-\d\d \d\d:\d\d:\d\d /,
);
