import Crypto

/// Hashes passwords of simulated users, which are worth nothing: one round of SHA-256.
enum PasswordHash {
    static func hash(_ password: String) -> String {
        RevisionHash.hexadecimal(SHA256.hash(data: Array(password.utf8)))
    }
}
