/// How a document's bytes are stored.
enum BodyCoding: Hashable, Sendable {
    /// As they are.
    case raw
    /// As a zstd frame without a dictionary.
    case plain
    /// As a zstd frame with the dictionary of that number.
    case dictionary(Int)

    /// The number in the vault's file.
    var number: Int {
        switch self {
        case .raw: -1
        case .plain: 0
        case .dictionary(let id): id
        }
    }

    init?(number: Int) {
        switch number {
        case -1: self = .raw
        case 0: self = .plain
        case 1...: self = .dictionary(number)
        default: return nil
        }
    }
}
