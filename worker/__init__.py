"""The worker: carries out runs on a metered host. It holds no database credential, only its host token."""
