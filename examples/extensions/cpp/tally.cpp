// An extension module in C++, with pybind11.

#include <map>
#include <sstream>
#include <string>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace py = pybind11;

class Tally {
public:
    explicit Tally(const std::string &text) { add(text); }

    void add(const std::string &text) {
        std::istringstream words(text);
        for (std::string word; words >> word;) {
            ++counts[word];
        }
    }

    long at(const std::string &word) const {
        auto found = counts.find(word);
        if (found == counts.end()) {
            throw py::key_error(word);
        }
        return found->second;
    }

    long total() const {
        long sum = 0;
        for (const auto &[word, count] : counts) {
            sum += count;
        }
        return sum;
    }

    std::size_t size() const { return counts.size(); }

private:
    std::map<std::string, long> counts;
};

PYBIND11_MODULE(tally_cpp, module, py::mod_gil_not_used(), py::multiple_interpreters::per_interpreter_gil()) {
    module.doc() = "Counting words, in C++.";
    py::class_<Tally>(module, "Tally", "Counts words.")
        .def(py::init<const std::string &>(), py::arg("text") = "")
        .def("add", &Tally::add, py::arg("text"), "Count the words of a text.")
        .def("__len__", &Tally::size)
        .def("__getitem__", &Tally::at)
        .def_property_readonly("total", &Tally::total, "How many words have been counted.");
}
