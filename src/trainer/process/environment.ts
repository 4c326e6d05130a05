/**
 * The part of the server's environment that a job gets: where programs, caches, GPUs and certificates
 * are. No pattern here matches a credential. A recipe sets whatever else its job needs.
 */
export function jobEnvironment(base: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && allowed.test(name)) env[name] = value;
  }
  return env;
}

const allowed = new RegExp(
  `^(?:${[
    'PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+',
    'LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|PYTHONPATH|VIRTUAL_ENV|CONDA_PREFIX|CONDA_DEFAULT_ENV',
    'CUDA_[A-Z0-9_]+|NVIDIA_VISIBLE_DEVICES|NVIDIA_DRIVER_CAPABILITIES|NCCL_[A-Z0-9_]+',
    'ROCM_PATH|ROCR_VISIBLE_DEVICES|HIP_VISIBLE_DEVICES|HSA_OVERRIDE_GFX_VERSION',
    'OMP_NUM_THREADS|MKL_NUM_THREADS|PYTORCH_CUDA_ALLOC_CONF|PYTORCH_ALLOC_CONF',
    'HF_HOME|HF_HUB_CACHE|HF_DATASETS_CACHE|HF_HUB_OFFLINE|TRANSFORMERS_OFFLINE|TORCH_HOME',
    'XDG_CACHE_HOME|XDG_DATA_HOME|XDG_RUNTIME_DIR|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE',
  ].join('|')})$`,
);
